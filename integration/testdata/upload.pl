# The same as upload.py with Perl's Net::FTP.
use strict;
use warnings;
use Net::FTP;

my ($port, $user, $password, $mode, $version, $folder, $prefix) = @ARGV;
my $protocol = $version eq '1.2' ? 'TLSv1_2' : 'TLSv1_3';
my $ftp = Net::FTP->new('127.0.0.1', Port => $port, Timeout => 30, Passive => $mode eq 'passive',
    SSL_verify_mode => 0, SSL_version => $protocol) or die "connect: $@";
$ftp->starttls or die 'starttls: ', $ftp->message;
$ftp->login($user, $password) or die 'login: ', $ftp->message;
$ftp->prot('P') or die 'prot: ', $ftp->message;
$ftp->binary;
opendir(my $dir, $folder) or die "$folder: $!";
my @names = grep { !/^\./ } readdir $dir;
for my $name (@names) {
    $ftp->put("$folder/$name", $prefix . $name) or die "$name: ", $ftp->message;
    $ftp->code == 226 or die "$name: ", $ftp->message;
}
my %listed = map { $_ => 1 } $ftp->ls;
for my $name (@names) {
    $listed{$prefix . $name} or die "$name is not listed";
}
local $/ = undef;
for my $name (@names) {
    my $got = '';
    open(my $back, '>', \$got) or die $!;
    $ftp->get($prefix . $name, $back) or die "$name: ", $ftp->message;
    open(my $file, '<:raw', "$folder/$name") or die $!;
    $got eq (<$file> // '') or die "$name came back with other bytes";
}
$ftp->quit;
print "done\n";
