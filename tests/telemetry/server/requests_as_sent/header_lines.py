"""Header lines that break a rule, as they are sent."""

from telemetry.http1 import rules
from tests.telemetry.server.requests_as_sent.build import CANARY, END, HOST, post, request

FIELDS = {
    rules.HOST_ABSENT: {
        "no Host": request(host=b""),
        "no Host with a URL": request(line=b"GET http://serene.test/ HTTP/1.1", host=b""),
        "no Host in a later version": request(line=b"GET / HTTP/1.2", host=b""),
    },
    rules.HOST_REPEATED: {
        "two Hosts": request(b"Host: evil.test"),
        "the same Host twice": request(b"Host: serene.test"),
        "two Hosts, case differs": request(b"hOST: evil.test"),
        "two Hosts in HTTP/1.0": request(b"Host: evil.test", line=b"GET / HTTP/1.0"),
        "two Hosts with a URL": request(b"Host: b", line=b"GET http://serene.test/ HTTP/1.1"),
    },
    rules.HOST: {
        name: request(host=b"Host:" + value + END)
        for name, value in {
            "empty Host": b"",
            "white Host": b" \t ",
            "Host with a user": b" a@serene.test",
            "Host with user and password": b" a:b@serene.test",
            "Host with a space": b" serene.test evil.test",
            "Host with a tab": b" serene.test\tevil.test",
            "Host with a comma": b" serene.test, evil.test",
            "Host with a comma alone": b" serene.test,evil.test",
            "Host with a word as port": b" serene.test:http",
            "Host with a negative port": b" serene.test:-1",
            "Host with a signed port": b" serene.test:+80",
            "Host with a large port": b" serene.test:65536",
            "Host with a larger port": b" serene.test:999999",
            "Host with two ports": b" serene.test:80:80",
            "Host with a port only": b" :80",
            "Host with a path": b" serene.test/a",
            "Host with a query": b" serene.test?a",
            "Host with a fragment": b" serene.test#a",
            "Host with a scheme": b" http://serene.test",
            "Host with a backslash": b" serene.test\\evil",
            "Host with a quotation mark": b' "serene.test"',
            "Host with markup": b" <script>",
            "Host that is not ASCII": " sérène.test".encode(),
            "Host with a bad escape": b" serene%zz.test",
            "IPv6 without brackets": b" ::1",
            "IPv6 with one bracket": b" [::1",
            "IPv6 with a zone": b" [fe80::1%25eth0]",
            "IPv6 of two groups": b" [1:2]",
            "IPv6 and a word": b" [::1]a",
            "IPv4 in brackets": b" [127.0.0.1]",
            "address of the future": b" [v1.a]",
        }.items()
    },
    rules.FIELD_LINE: {
        "no colon": request(b"no colon"),
        "no name": request(b": value"),
        "colon alone": request(b":"),
        "token alone": request(CANARY),
    },
    rules.FIELD_NAME: {
        name: request(each + b": b")
        for name, each in {
            "space before the colon": b"A ",
            "tab before the colon": b"A\t",
            "space in a name": b"A B",
            "space before the colon of a length": b"Content-Length ",
            "bracket in a name": b"A[",
            "slash in a name": b"A/B",
            "quotation mark in a name": b'"A"',
            "NUL in a name": b"A\x00",
            "DEL in a name": b"A\x7f",
            "name that is not ASCII": "é".encode(),
            "sharp s in a name": b"HO\xdfT",
            "comma in a name": b"A,B",
            "at sign in a name": b"A@B",
        }.items()
    },
    rules.FIELD_VALUE: {
        name: request(each)
        for name, each in {
            "NUL in a value": b"A: b\x00c",
            "escape in a value": b"A: \x1b[31m",
            "DEL in a value": b"A: b\x7f",
            "vertical tab before a coding": b"Transfer-Encoding: \x0bchunked",
            "form feed after a coding": b"Transfer-Encoding: chunked\x0c",
            "NUL in a length": b"Content-Length: 5\x00",
            "backspace in a cookie": b"Cookie: a\x08",
        }.items()
    },
    rules.FOLDING: {
        "white space before the first header": request(host=b" " + HOST),
        "tab before the first header": request(host=b"\t" + HOST),
        "folded header": request(b"A: b", b" c"),
        "header folded by a tab": request(b"A: b", b"\tc"),
        "folded length": request(b"Content-Length:", b" 5"),
        "folded coding": request(b"Transfer-Encoding:", b" chunked"),
        "white line": request(b"A: b", b" "),
    },
    rules.FIELDS_SIZE: {
        "many headers": request(*(b"A%d: b" % number for number in range(101))),
        "many headers of one name": request(*([b"A: b"] * 200)),
        "many headers with underscores": request(*([b"A_B: c"] * 200)),
        "long header": request(b"A: " + b"b" * 9_000),
        "long name": request(b"A" * 9_000 + b": b"),
        "long cookie": request(b"Cookie: " + CANARY + b"a" * 12_000),
    },
    rules.REPEATED: {
        "two types": request(b"Content-Type: text/plain", b"Content-Type: text/html"),
    },
    rules.EXPECTATION: {
        "unknown expectation": request(b"Expect: " + CANARY),
        "expectation and another": request(b"Expect: 100-continue, 200-ok"),
        "expectation in the second header": request(b"Expect: 100-continue", b"Expect: tea"),
        "empty expectation": request(b"Expect:"),
        "unknown expectation in HTTP/1.0": request(b"Expect: tea", line=b"GET / HTTP/1.0"),
        "expectation with a value": request(b"Expect: 100-continue=1"),
    },
}

FRAMING = {
    rules.LENGTH: {
        name: post(*(b"Content-Length:" + value for value in values), body=b"hello")
        for name, values in {
            "two lengths": (b" 5", b" 0"),
            "the same length twice": (b" 5", b" 5"),
            "list of lengths": (b" 5,5",),
            "list of lengths with spaces": (b" 5, 5",),
            "signed length": (b" +5",),
            "negative length": (b" -1",),
            "hexadecimal length": (b" 0x5",),
            "length with a point": (b" 5.0",),
            "length with an exponent": (b" 5e0",),
            "length with underscore": (b" 1_0",),
            "length with a space": (b" 5 5",),
            "length of superscripts": (b" \xb2",),
            "length of Arabic digits": (" \u0665".encode(),),
            "length of full-width digits": (" \uff15".encode(),),
            "empty length": (b"",),
            "white length": (b"  ",),
            "length as a word": (b" five",),
            "length in quotation marks": (b' "5"',),
            "length with a unit": (b" 5b",),
        }.items()
    },
    rules.LENGTH_SIZE: {
        "huge length": post(b"Content-Length: " + b"9" * 20),
        "length of 5,000 digits": post(b"Content-Length: " + b"1" * 5_000),
        "length of 2**64": post(b"Content-Length: 18446744073709551616"),
    },
    rules.LENGTH_AND_CODING: {
        "coding and length": post(
            b"Transfer-Encoding: chunked", b"Content-Length: 5", body=b"0\r\n\r\n"
        ),
        "length and coding": post(
            b"Content-Length: 5", b"Transfer-Encoding: chunked", body=b"0\r\n\r\n"
        ),
        "length of 0 and coding": post(b"Content-Length: 0", b"Transfer-Encoding: chunked"),
        "length and unknown coding": post(b"Content-Length: 5", b"Transfer-Encoding: xchunked"),
    },
    rules.CODING: {
        name: post(*(b"Transfer-Encoding:" + value for value in values), body=b"0\r\n\r\n")
        for name, values in {
            "comma before the coding": (b" ,chunked",),
            "comma after the coding": (b" chunked,",),
            "chunked twice": (b" chunked,chunked",),
            "chunked in two headers": (b" chunked", b" chunked"),
            "chunked before gzip": (b" chunked, gzip",),
            "identity": (b" identity",),
            "identity and chunked": (b" identity, chunked",),
            "identity in one header, chunked in another": (b" identity", b" chunked"),
            "gzip alone": (b" gzip",),
            "deflate alone": (b" deflate",),
            "empty coding": (b"",),
            "coding in quotation marks": (b' "chunked"',),
            "coding with a parameter": (b" chunked;q=1",),
            "two codings without comma": (b" gzip chunked",),
            "semicolon": (b" chunked;",),
            "no-break space before the coding": (b" \xa0chunked",),
            "next line before the coding": (b" \x85chunked",),
        }.items()
    },
    rules.CODING_UNKNOWN: {
        "xchunked": post(b"Transfer-Encoding: xchunked"),
        "unknown coding": post(b"Transfer-Encoding: " + CANARY),
        "gzip and chunked": post(b"Transfer-Encoding: gzip, chunked", body=b"0\r\n\r\n"),
        "unknown and chunked": post(b"Transfer-Encoding: cow, chunked", body=b"0\r\n\r\n"),
        "gzip in one header, chunked in another": post(
            b"Transfer-Encoding: gzip", b"Transfer-Encoding: chunked", body=b"0\r\n\r\n"
        ),
    },
    rules.CODING_VERSION: {
        "chunked in HTTP/1.0": post(
            b"Transfer-Encoding: chunked", body=b"0\r\n\r\n", version=b"HTTP/1.0"
        ),
    },
}
