// What became of a worker's sandbox while the process had one thread: an errno for each layer, 0 if it stands.
struct bulkhead_alone {
	int ran; // 0: this process was not started as a worker
	int threads; // an errno, 0 if there was no other thread
	int no_new_privs;
	int capabilities;
	int landlock;
	int pagemap; // /proc/self/pagemap, open for reading; -1: there is none
	unsigned long long files, network, scope; // the rights that Landlock took
};

extern struct bulkhead_alone bulkhead_alone;
