"""A tour of an FTP site with Python's ftplib; prints "done" when all is well.

tour.py HOST PORT USER PASSWORD passive|active [explicit|implicit CERTIFICATE]
"""
import ftplib
import hashlib
import io
import random
import ssl
import sys

host, port, user, password, mode = sys.argv[1:6]
secure, trusted = sys.argv[6:] or (None, None)


class ImplicitTLS(ftplib.FTP_TLS):
    """TLS from the first byte, which ftplib leaves to others."""

    def __setattr__(self, name, value):
        if name == "sock" and value is not None and not isinstance(value, ssl.SSLSocket):
            value = self.context.wrap_socket(value, server_hostname=self.host)
        super().__setattr__(name, value)


def connect():
    if secure:
        context = ssl.create_default_context(cafile=trusted)
        context.check_hostname = False
        ftp = (ImplicitTLS if secure == "implicit" else ftplib.FTP_TLS)(timeout=30, context=context)
    else:
        ftp = ftplib.FTP(timeout=30)
    ftp.connect(host, int(port))
    ftp.login(user, password)
    if secure:
        ftp.prot_p()
    ftp.set_pasv(mode == "passive")
    ftp.sendcmd("OPTS UTF8 ON")
    return ftp


def equal(got, want):
    if got != want:
        raise AssertionError(f"got {got!r}, want {want!r}")


def refused(code, call, *args):
    try:
        got = call(*args)
    except ftplib.all_errors as err:
        equal(str(err)[:3], code)
    else:
        raise AssertionError(f"{args} was answered {got}")


def fetch(ftp, name, rest=None):
    parts = []
    ftp.retrbinary("RETR " + name, parts.append, rest=rest)
    return b"".join(parts)


ftp = connect()
equal(ftp.getwelcome(), "220 Microsoft FTP Service")
equal(ftp.sendcmd("SYST"), "215 Windows_NT")
equal(ftp.pwd(), "/")

# a directory with a name that needs care, and one below it
folder = "tour of " + mode + " \u00e4\u6f22"
equal(ftp.mkd(folder), folder)
ftp.cwd(folder)
equal(ftp.pwd(), "/" + folder)
ftp.mkd("sub")
ftp.mkd("sub/under")
refused("550", ftp.mkd, "sub")
refused("550", ftp.rmd, "sub")

# several megabytes there and back
data = random.Random(7).randbytes(5 * 1024 * 1024 + 3)
equal(ftp.storbinary("STOR sub/big.bin", io.BytesIO(data))[:3], "226")
equal(ftp.size("sub/big.bin"), len(data))
equal(hashlib.sha256(fetch(ftp, "sub/big.bin")).digest(), hashlib.sha256(data).digest())

# a download goes on from an offset, an upload too, and APPE adds
equal(fetch(ftp, "sub/big.bin", rest=1_000_001), data[1_000_001:])
ftp.storbinary("STOR sub/part.bin", io.BytesIO(data[:2_000_000]))
ftp.storbinary("STOR sub/part.bin", io.BytesIO(data[2_000_000:3_000_000]), rest=2_000_000)
ftp.storbinary("APPE sub/part.bin", io.BytesIO(data[3_000_000:]))
equal(hashlib.sha256(fetch(ftp, "sub/part.bin")).digest(), hashlib.sha256(data).digest())
refused("550", fetch, ftp, "sub/part.bin", len(data) + 1)

# ASCII mode changes no byte
text = b"one\r\ntwo\nthree\r\n"
ftp.voidcmd("TYPE A")
with ftp.transfercmd("STOR text.txt") as conn:
    conn.sendall(text)
equal(ftp.voidresp()[:3], "226")
equal(fetch(ftp, "text.txt"), text)

# an empty file
ftp.storbinary("STOR empty.bin", io.BytesIO(b""))
equal(ftp.size("empty.bin"), 0)
equal(fetch(ftp, "empty.bin"), b"")

# names, listings, times
equal(sorted(ftp.nlst()), ["empty.bin", "sub", "text.txt"])
equal(sorted(ftp.nlst("*.txt")), ["text.txt"])
equal(sorted(ftp.nlst("sub/")), ["sub/big.bin", "sub/part.bin", "sub/under"])
lines = []
ftp.dir(lines.append)
equal([line[39:] for line in lines], ["empty.bin", "sub", "text.txt"])
equal(lines[1][17:38], "       <DIR>         ")
equal(lines[2][17:38].strip(), str(len(text)))
equal(len(ftp.sendcmd("MDTM text.txt")), len("213 20260102030405"))

# rename, also into another directory; names are found in other letters
ftp.rename("text.txt", "sub/Renamed \u20ac.txt")
equal(fetch(ftp, "SUB/renamed \u20ac.TXT"), text)
refused("550", ftp.rename, "sub/Renamed \u20ac.txt", "empty.bin")
refused("503", ftp.sendcmd, "RNTO nowhere")

# a second session sees the same files
other = connect()
equal(other.size("/" + folder + "/sub/Renamed \u20ac.txt"), len(text))
other.quit()

# and away with it
for name in ("empty.bin", "sub/big.bin", "sub/part.bin", "sub/Renamed \u20ac.txt"):
    ftp.delete(name)
refused("550", ftp.delete, "empty.bin")
ftp.rmd("sub/under")
ftp.rmd("sub")
ftp.cwd("..")
ftp.rmd(folder)
refused("550", ftp.cwd, folder)
refused("550", ftp.delete, "sub")
equal(ftp.quit(), "221 Goodbye.")
print("done")
