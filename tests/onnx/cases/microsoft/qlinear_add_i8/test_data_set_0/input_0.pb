JC
m=