package sdk

// Configure registers h to take the operator's config, a JSON object, {} if the manifest has none. Call it in init, at
// most once. The host runs h once, before the snapshot that every call starts from: parse the config there, read assets,
// build tables. Only Log and Asset work in it. An error refuses the plugin. h must not keep config.
//
// A plugin without Configure refuses any config but {}.
func Configure(h func(config []byte) error) {
	if configurer != nil {
		panic("sdk: Configure was called twice")
	}
	configurer = h
}
