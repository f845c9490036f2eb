# The same as upload.py with Ruby's Net::FTP.
require "net/ftp"

port, user, password, mode, version, folder, prefix = ARGV
protocol = version == "1.2" ? OpenSSL::SSL::TLS1_2_VERSION : OpenSSL::SSL::TLS1_3_VERSION
ftp = Net::FTP.new("127.0.0.1", port: port.to_i, username: user, password: password, passive: mode == "passive",
                   open_timeout: 30, read_timeout: 30,
                   ssl: { verify_mode: OpenSSL::SSL::VERIFY_NONE, min_version: protocol, max_version: protocol })
names = Dir.children(folder)
names.each do |name|
  ftp.putbinaryfile(File.join(folder, name), prefix + name)
  raise ftp.last_response unless ftp.last_response_code == "226"
end
listed = ftp.nlst
names.each { |name| raise "#{name} is not listed" unless listed.include?(prefix + name) }
names.each do |name|
  same = ftp.getbinaryfile(prefix + name, nil) == File.binread(File.join(folder, name))
  raise "#{name} came back with other bytes" unless same
end
ftp.quit
puts "done"
