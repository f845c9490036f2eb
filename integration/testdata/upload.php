<?php
// The same as upload.py with PHP's ftp extension, which takes the version of
// TLS from OpenSSL's configuration.
[, $port, $user, $password, $mode, , $folder, $prefix] = $argv;

function need($result, string $what)
{
    if ($result === false) {
        fwrite(STDERR, "$what failed\n");
        exit(1);
    }
    return $result;
}

$ftp = need(ftp_ssl_connect("127.0.0.1", (int) $port, 30), "connect");
need(ftp_login($ftp, $user, $password), "login");
need(ftp_pasv($ftp, $mode === "passive"), "pasv");
$names = array_values(array_diff(scandir($folder), [".", ".."]));
foreach ($names as $name) {
    need(ftp_put($ftp, $prefix . $name, "$folder/$name", FTP_BINARY), "put $name");
}
$listed = need(ftp_nlist($ftp, "."), "nlist");
foreach ($names as $name) {
    need(array_search($prefix . $name, array_map("basename", $listed)), "list $name");
}
$back = tempnam(sys_get_temp_dir(), "back");
foreach ($names as $name) {
    need(ftp_get($ftp, $back, $prefix . $name, FTP_BINARY), "get $name");
    need(hash_file("sha256", $back) === hash_file("sha256", "$folder/$name"), "comparing $name");
}
unlink($back);
ftp_close($ftp);
echo "done\n";
