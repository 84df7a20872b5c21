J
?EC5ZD3SBW