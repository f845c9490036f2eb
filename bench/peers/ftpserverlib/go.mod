module github.com/ftphost/ftphost/bench/peers/ftpserverlib

go 1.26.0

require (
	github.com/fclairamb/ftpserverlib v0.25.0
	github.com/spf13/afero v1.11.0
)

require (
	github.com/fclairamb/go-log v0.5.0 // indirect
	golang.org/x/sys v0.28.0 // indirect
	golang.org/x/text v0.14.0 // indirect
)
