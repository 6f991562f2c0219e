package text

import (
	"strings"
	"time"

	"panda/emu/linux/abi"
)

func timespecText(v *abi.Timespec) string {
	return "{tv_sec=" + dec(v.Sec) + ", tv_nsec=" + dec(v.Nsec) + "}"
}

func timevalText(v *abi.Timeval) string {
	return "{tv_sec=" + dec(v.Sec) + ", tv_usec=" + dec(v.Usec) + "}"
}

func showTimespec(_ *printer, v *abi.Timespec) string { return timespecText(v) }

func showTimespec64(_ *printer, v *abi.Timespec64) string { return timespecText((*abi.Timespec)(v)) }

func showTimeval(_ *printer, v *abi.Timeval) string { return timevalText(v) }

func showTimezone(_ *printer, v *abi.Timezone) string {
	return "{tz_minuteswest=" + dec(int64(v.MinutesWest)) + ", tz_dsttime=" + dec(int64(v.DstTime)) + "}"
}

func showItimerval(_ *printer, v *abi.Itimerval) string {
	return "{it_interval=" + timevalText(&v.Interval) + ", it_value=" + timevalText(&v.Value) + "}"
}

func showItimerspec(_ *printer, v *abi.Itimerspec) string {
	return "{it_interval=" + timespecText(&v.Interval) + ", it_value=" + timespecText(&v.Value) + "}"
}

func showItimerspec64(p *printer, v *abi.Itimerspec64) string {
	return showItimerspec(p, (*abi.Itimerspec)(v))
}

// date is a time since the epoch as people read it, in UTC whatever the host's
// time zone is; frac is the fraction with its digits.
func date(sec int64, frac string) string {
	t := time.Unix(sec, 0).UTC()
	return t.Format("2006-01-02T15:04:05") + frac + "+0000"
}

func fraction(v int64, digits int) string {
	if v == 0 {
		return ""
	}
	s := dec(v)
	return "." + strings.Repeat("0", max(0, digits-len(s))) + s
}

// fileTime is a timestamp of utimensat, with its special values.
func fileTime(v *abi.Timespec) string {
	switch v.Nsec {
	case abi.UTIME_NOW:
		return "UTIME_NOW"
	case abi.UTIME_OMIT:
		return "UTIME_OMIT"
	}
	if v.Sec == 0 && v.Nsec == 0 {
		return timespecText(v)
	}
	return timespecText(v) + " /* " + date(v.Sec, fraction(v.Nsec, 9)) + " */"
}

func showTimespecs(p *printer, a operand) string {
	return showArray(p, a.v, 2, func(_ *printer, v *abi.Timespec) string { return fileTime(v) })
}

func showTimespecs64(p *printer, a operand) string {
	return showArray(p, a.v, 2, func(_ *printer, v *abi.Timespec64) string { return fileTime((*abi.Timespec)(v)) })
}

func showTimevals(p *printer, a operand) string {
	return showArray(p, a.v, 2, func(_ *printer, v *abi.Timeval) string {
		if v.Sec == 0 && v.Usec == 0 {
			return timevalText(v)
		}
		return timevalText(v) + " /* " + date(v.Sec, fraction(v.Usec, 6)) + " */"
	})
}

func showUtimbuf(_ *printer, v *abi.Utimbuf) string {
	return "{actime=" + secondsText(v.Actime) + ", modtime=" + secondsText(v.Modtime) + "}"
}

func secondsText(v int64) string {
	if v == 0 {
		return "0"
	}
	return dec(v) + " /* " + date(v, "") + " */"
}

// restTime formats what a sleep left over: only an interrupted one fills it in.
func restTime(format formatter) formatter {
	return func(p *printer, a operand) string {
		e, _ := abi.IsError(p.ret)
		if e == abi.EINTR || e == abi.ERESTART_RESTARTBLOCK || e == abi.ERESTARTNOHAND {
			return format(p, a)
		}
		return p.ptr(a.v)
	}
}

func showTms(_ *printer, v *abi.Tms) string {
	return "{tms_utime=" + dec(v.Utime) + ", tms_stime=" + dec(v.Stime) +
		", tms_cutime=" + dec(v.Cutime) + ", tms_cstime=" + dec(v.Cstime) + "}"
}

func showTimex(_ *printer, v *abi.Timex) string {
	list := []string{
		"modes=" + adjModes.Format(uint64(v.Modes)), "offset=" + dec(v.Offset), "freq=" + dec(v.Freq),
		"maxerror=" + dec(v.Maxerror), "esterror=" + dec(v.Esterror),
		"status=" + adjStatus.Format(uint64(uint32(v.Status))), "constant=" + dec(v.Constant),
		"precision=" + dec(v.Precision), "tolerance=" + dec(v.Tolerance), "time=" + timevalText(&v.Time),
		"tick=" + dec(v.Tick), "ppsfreq=" + dec(v.Ppsfreq), "jitter=" + dec(v.Jitter),
		"shift=" + dec(int64(v.Shift)), "stabil=" + dec(v.Stabil), "jitcnt=" + dec(v.Jitcnt),
		"calcnt=" + dec(v.Calcnt), "errcnt=" + dec(v.Errcnt), "stbcnt=" + dec(v.Stbcnt),
		"tai=" + dec(int64(v.Tai)),
	}
	return "{" + strings.Join(list, ", ") + "}"
}
