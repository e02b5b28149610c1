"""What is generated, proven on real engines: `make engines` runs these tests, and `make test` leaves them out."""
