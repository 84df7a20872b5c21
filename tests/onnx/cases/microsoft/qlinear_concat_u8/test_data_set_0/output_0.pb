J
\eLe`btU3¸