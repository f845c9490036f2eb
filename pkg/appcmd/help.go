package appcmd

// helpText is the answer to /?.
const helpText = `appcmd: sites and configuration of ftphost, as IIS's tool of this name.

APPCMD (command) (object-type) <identifier> </parameter1:value1 ...>

  SITE     list add set delete start stop
  APP      list add set delete
  VDIR     list add set delete
  CONFIG   list set search lock unlock clear reset
  BACKUP   list add delete restore

General parameters:
  /?                    this text
  /text[:<property>|*]  text output; one property of each object, or all of them
  /xml                  XML output, which /in takes
  /in or -              read a result from standard input, run once for each object
  /config[:*]           configuration of the objects; with * also what is inherited
  /section:<name>       the section of CONFIG, its full name or last part; ? lists them
  /commit:apphost       where CONFIG is written: there is one file here
  /apphostconfig:<file> work with another file, not with that of the running server

The home is /etc/ftphost, the folder in FTPHOST_HOME, or --home DIR or --config FILE.

  appcmd list sites
  appcmd add site /name:Files /bindings:ftp://*:21 /physicalPath:/srv/ftp
  appcmd set config /section:sites "/[name='Files'].ftpServer.security.ssl.controlChannelPolicy:SslAllow"
  appcmd set config Files /section:system.ftpServer/security/authorization "/+[accessType='Allow',users='*',permissions='Read']" /commit:apphost
`
