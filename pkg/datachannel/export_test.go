package datachannel

// Limits that tests look at.
const (
	PoolSize     = poolSize
	MaxEphemeral = maxEphemeral
)
