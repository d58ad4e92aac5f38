"""The machine's certificate: what is wished, what lies there, whether to ask, asking, and serving it. koza-certificate tells the story."""
