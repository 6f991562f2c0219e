package main

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// sandboxEnv is what a sandboxed program gets of the host's environment unless
// -env says otherwise: what programs need to find their way, and nothing that may
// be a secret.
const sandboxEnv = "PATH,HOME,PWD,SHELL,USER,LOGNAME,TERM,COLORTERM,NO_COLOR,COLUMNS,LINES,LANG,LANGUAGE,LC_*,TZ"

// environment makes the program's environment: of the host's variables those that
// -env names, then what -E sets, each name once.
func (o *options) environment(host []string) ([]string, error) {
	take := o.hostEnv
	switch {
	case take == "" && o.sandbox.on:
		take = sandboxEnv
	case take == "" || take == "all":
		take = "*"
	case take == "none":
		take = ""
	}
	patterns := strings.Split(take, ",")
	for _, p := range patterns {
		if _, err := path.Match(p, ""); err != nil || strings.Contains(p, "=") {
			return nil, fmt.Errorf("-env %s: %q is no pattern of names; -E NAME=value sets a variable", o.hostEnv, p)
		}
	}
	var env []string
	for _, v := range host {
		name, _, _ := strings.Cut(v, "=")
		if slices.ContainsFunc(patterns, func(p string) bool { ok, _ := path.Match(p, name); return ok }) {
			env = append(env, v)
		}
	}
	for _, v := range o.env {
		if !strings.Contains(v, "=") { // as docker's --env
			i := slices.IndexFunc(host, func(h string) bool { return strings.HasPrefix(h, v+"=") })
			if i < 0 {
				continue
			}
			v = host[i]
		}
		env = setVariable(env, v)
	}
	return env, nil
}

// setVariable sets a variable in the place that it has already, or at the end.
func setVariable(env []string, v string) []string {
	name, _, _ := strings.Cut(v, "=")
	for i, old := range env {
		if strings.HasPrefix(old, name+"=") {
			env[i] = v
			return env
		}
	}
	return append(env, v)
}
