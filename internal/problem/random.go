package problem

// pyRandom is the generator Open edX shuffles with: the Mersenne Twister with
// the helper functions of Python 2.7, so that a seed gives the same order here
// and there.
type pyRandom struct {
	state [624]uint32
	next  int
}

// newPyRandom seeds the generator as Python does: by the 32-bit words of the
// seed's absolute value, lowest first.
func newPyRandom(seed int64) *pyRandom {
	abs := uint64(seed)
	if seed < 0 {
		abs = -abs
	}
	key := []uint32{uint32(abs)}
	if high := uint32(abs >> 32); high != 0 {
		key = append(key, high)
	}
	r := &pyRandom{}
	r.initByArray(key)
	return r
}

func (r *pyRandom) init(s uint32) {
	r.state[0] = s
	for i := 1; i < len(r.state); i++ {
		prev := r.state[i-1]
		r.state[i] = 1812433253*(prev^prev>>30) + uint32(i)
	}
	r.next = len(r.state)
}

func (r *pyRandom) initByArray(key []uint32) {
	r.init(19650218)
	n := len(r.state)
	i, j := 1, 0
	step := func() {
		if i++; i >= n {
			r.state[0] = r.state[n-1]
			i = 1
		}
	}
	for range max(n, len(key)) {
		prev := r.state[i-1]
		r.state[i] = (r.state[i] ^ (prev^prev>>30)*1664525) + key[j] + uint32(j)
		step()
		j = (j + 1) % len(key)
	}
	for range n - 1 {
		prev := r.state[i-1]
		r.state[i] = (r.state[i] ^ (prev^prev>>30)*1566083941) - uint32(i)
		step()
	}
	r.state[0] = 0x80000000
}

// uint32 returns the next 32 random bits.
func (r *pyRandom) uint32() uint32 {
	if r.next >= len(r.state) {
		r.refill()
	}
	y := r.state[r.next]
	r.next++
	y ^= y >> 11
	y ^= y << 7 & 0x9d2c5680
	y ^= y << 15 & 0xefc60000
	return y ^ y>>18
}

func (r *pyRandom) refill() {
	const m = 397
	n := len(r.state)
	for k := range n {
		y := r.state[k]&0x80000000 | r.state[(k+1)%n]&0x7fffffff
		v := r.state[(k+m)%n] ^ y>>1
		if y&1 != 0 {
			v ^= 0x9908b0df
		}
		r.state[k] = v
	}
	r.next = 0
}

// float returns the next number in [0, 1) with 53 random bits.
func (r *pyRandom) float() float64 {
	a, b := r.uint32()>>5, r.uint32()>>6
	return (float64(a)*67108864 + float64(b)) / 9007199254740992
}

// below returns a whole number in [0, n).
func (r *pyRandom) below(n int) int { return int(r.float() * float64(n)) }

// shuffle reorders n things from the last down.
func (r *pyRandom) shuffle(n int, swap func(i, j int)) {
	for i := n - 1; i > 0; i-- {
		swap(i, r.below(i+1))
	}
}
