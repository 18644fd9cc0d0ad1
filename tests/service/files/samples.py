"""The smallest picture, and a program that is refused."""

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(20)
EXE = b"MZ\x90\x00\x03" + bytes(200)
