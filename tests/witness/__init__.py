"""What other readers of the same log say: a script that writes it, and the readers to compare with."""
