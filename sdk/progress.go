package sdk

// Progress tells the client how far the call is: done of total, both finite, done never less than before, total that of
// the first report. It needs no capability and never fails; reports that nobody asked for, or that come too often, are
// dropped.
func Progress(done, total float64) { hostProgress(done, total) }
