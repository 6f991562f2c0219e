package abi

// Timespec is struct timespec of the guest's long.
type Timespec struct{ Sec, Nsec int64 }

// Timespec64 is struct __kernel_timespec of the *_time64 calls.
type Timespec64 Timespec

func (v *Timespec) shape(c *codec) { words(c, &v.Sec, &v.Nsec) }

// shape ignores, as the kernel does, the upper half of the nanoseconds of a 32-bit
// guest, which its C library leaves undefined.
func (v *Timespec64) shape(c *codec) {
	u64s(c, &v.Sec, &v.Nsec)
	if c.decode && c.Word == 4 {
		v.Nsec = int64(uint32(v.Nsec))
	}
}

// Timeval is struct timeval of the guest's long.
type Timeval struct{ Sec, Usec int64 }

func (v *Timeval) shape(c *codec) { words(c, &v.Sec, &v.Usec) }

// Timezone is struct timezone.
type Timezone struct{ MinutesWest, DstTime int32 }

func (v *Timezone) shape(c *codec) { u32s(c, &v.MinutesWest, &v.DstTime) }

// Itimerval is struct itimerval.
type Itimerval struct{ Interval, Value Timeval }

func (v *Itimerval) shape(c *codec) {
	v.Interval.shape(c)
	v.Value.shape(c)
}

// Itimerspec is struct itimerspec of the guest's long.
type Itimerspec struct{ Interval, Value Timespec }

// Itimerspec64 is struct __kernel_itimerspec of the *64 calls.
type Itimerspec64 Itimerspec

func (v *Itimerspec) shape(c *codec) {
	v.Interval.shape(c)
	v.Value.shape(c)
}

func (v *Itimerspec64) shape(c *codec) {
	(*Timespec64)(&v.Interval).shape(c)
	(*Timespec64)(&v.Value).shape(c)
}

// Tms is struct tms of times(2), in clock ticks.
type Tms struct{ Utime, Stime, Cutime, Cstime int64 }

func (v *Tms) shape(c *codec) { words(c, &v.Utime, &v.Stime, &v.Cutime, &v.Cstime) }

// Utimbuf is struct utimbuf.
type Utimbuf struct{ Actime, Modtime int64 }

func (v *Utimbuf) shape(c *codec) { words(c, &v.Actime, &v.Modtime) }

// Timex is struct timex of adjtimex(2) with the guest's long.
type Timex struct {
	Modes                                  uint32
	Offset, Freq, Maxerror, Esterror       int64
	Status                                 int32
	Constant, Precision, Tolerance         int64
	Time                                   Timeval
	Tick, Ppsfreq, Jitter                  int64
	Shift                                  int32
	Stabil, Jitcnt, Calcnt, Errcnt, Stbcnt int64
	Tai                                    int32
}

// Timex64 is struct __kernel_timex of clock_adjtime64: the 64-bit layout for
// every guest.
type Timex64 Timex

func (v *Timex) shape(c *codec) {
	u32(c, &v.Modes)
	words(c, &v.Offset, &v.Freq, &v.Maxerror, &v.Esterror)
	u32(c, &v.Status)
	words(c, &v.Constant, &v.Precision, &v.Tolerance)
	v.Time.shape(c)
	words(c, &v.Tick, &v.Ppsfreq, &v.Jitter)
	u32(c, &v.Shift)
	words(c, &v.Stabil, &v.Jitcnt, &v.Calcnt, &v.Errcnt, &v.Stbcnt)
	u32(c, &v.Tai)
	c.pad(11 * 4)
}

func (v *Timex64) shape(c *codec) {
	guest := c.Layout
	c.Layout = Layout64
	(*Timex)(v).shape(c)
	c.Layout = guest
}
