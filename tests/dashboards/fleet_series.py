"""Series of workers, as the tests of recorded sums feed promtool."""

from telemetry import names

COUNT = names.REQUEST_DURATION.name + "_count"
BUCKET = names.REQUEST_DURATION.name + "_bucket"
SUM = names.REQUEST_DURATION.name + "_sum"
VERSION = "service_version"


def worker(number: int, version: str = "1.0") -> str:
    return (
        f'deployment_environment_name="test", service_name="serene", {VERSION}="{version}",'
        f' service_instance_id="host/{number}"'
    )


def alive(labels: str, values: str = "-3600x239") -> dict[str, str]:
    ready = values.replace("-3600x", "1x")
    return {
        f"process_start_time_seconds{{{labels}}}": values,
        f'service_state{{state="ready", {labels}}}': ready,
    }


def requests(labels: str, values: str, status: int = 200, route: str = "/posts") -> dict[str, str]:
    own = f'http_request_method="GET", http_route="{route}"'
    return {f'{COUNT}{{{own}, http_response_status_code="{status}", {labels}}}': values}


def took(labels: str, fast: str, all_of_them: str) -> dict[str, str]:
    own = 'http_request_method="GET", http_route="/posts", http_response_status_code="200"'
    return {
        f'{BUCKET}{{{own}, {labels}, le="{le}"}}': values
        for le, values in (("0.1", fast), ("0.25", all_of_them), ("+Inf", all_of_them))
    }


A, B = worker(0), worker(1)
TWO = alive(A) | alive(B)
