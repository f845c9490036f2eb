"""Uploads the files of a folder in one FTPS session with Python's ftplib, and
brings them back; prints "done" when all is well.

upload.py PORT USER PASSWORD passive|active 1.2|1.3 FOLDER PREFIX
"""
import ftplib
import os
import ssl
import sys

port, user, password, mode, version, folder, prefix = sys.argv[1:]
context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
context.minimum_version = context.maximum_version = ssl.TLSVersion["TLSv" + version.replace(".", "_")]
ftp = ftplib.FTP_TLS(context=context, timeout=30)
ftp.connect("127.0.0.1", int(port))
ftp.login(user, password)
ftp.prot_p()
ftp.set_pasv(mode == "passive")
names = os.listdir(folder)
for name in names:
    with open(os.path.join(folder, name), "rb") as file:
        ftp.storbinary("STOR " + prefix + name, file)
listed = ftp.nlst()
same = True
for name in names:
    back = []
    ftp.retrbinary("RETR " + prefix + name, back.append)
    with open(os.path.join(folder, name), "rb") as file:
        same = same and file.read() == b"".join(back)
ftp.quit()
print("done" if same and all(prefix + name in listed for name in names) else listed)
