"""An embedded AWS on loopback, to which the real SAM CLI deploys the real template. Never deployed."""
