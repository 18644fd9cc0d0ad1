"""The routes of the service with their summaries, in the order of the root page."""

from typing import Final

from tests.service.rooms import is_served

_SUMMARIES: Final = {
    ("GET", "/"): "Describe the service",
    ("PUT", "/api/v1/accounts/<account_id>/role"): "Set an account's role",
    ("POST", "/api/v1/auth/login"): "Log in",
    ("POST", "/api/v1/auth/logout"): "Log out",
    ("GET", "/api/v1/auth/me"): "Get the caller's account",
    ("POST", "/api/v1/auth/password"): "Change the password",
    ("POST", "/api/v1/auth/refresh"): "Refresh tokens",
    ("POST", "/api/v1/auth/register"): "Register an account",
    ("GET", "/api/v1/blog/drafts"): "List drafts",
    ("GET", "/api/v1/blog/drafts/<slug>"): "Get a draft",
    ("GET", "/api/v1/blog/posts"): "List posts",
    ("POST", "/api/v1/blog/posts"): "Create a post",
    ("GET", "/api/v1/blog/posts/<slug>"): "Get a post",
    ("PUT", "/api/v1/blog/posts/<slug>"): "Replace a post",
    ("PATCH", "/api/v1/blog/posts/<slug>"): "Update a post",
    ("DELETE", "/api/v1/blog/posts/<slug>"): "Delete a post",
    ("POST", "/api/v1/blog/posts/<slug>/publish"): "Publish a post",
    ("POST", "/api/v1/blog/posts/<slug>/unpublish"): "Unpublish a post",
    ("GET", "/api/v1/companion/conversations"): "List conversations",
    ("GET", "/api/v1/companion/conversations/<conversation_id>"): "Get a conversation",
    ("DELETE", "/api/v1/companion/conversations/<conversation_id>"): "Delete a conversation",
    ("POST", "/api/v1/companion/messages"): "Send a message",
    ("GET", "/api/v1/docs"): "Open the documentation",
    ("GET", "/api/v1/docs/<name>"): "Get an asset of the documentation",
    ("POST", "/api/v1/files"): "Upload a file",
    ("GET", "/api/v1/files"): "List files",
    ("DELETE", "/api/v1/files/<file_id>"): "Delete a file",
    ("GET", "/api/v1/files/<file_id>"): "Get a file",
    ("GET", "/api/v1/files/<file_id>/content"): "Download a file",
    ("GET", "/api/v1/health"): "Get the health report",
    ("GET", "/api/v1/health/liveness"): "Check liveness",
    ("GET", "/api/v1/health/readiness"): "Check readiness",
    ("GET", "/api/v1/members/<member_id>/files"): "List a member's files",
    ("GET", "/api/v1/openapi.json"): "Get the OpenAPI document",
    ("POST", "/api/v1/payments/webhook"): "Receive a Stripe event",
    ("POST", "/api/v1/sessions"): "Book a session",
    ("GET", "/api/v1/sessions"): "List your sessions",
    ("GET", "/api/v1/sessions/<uuid:session_id>"): "Get a session",
    (
        "GET",
        "/api/v1/sessions/<uuid:session_id>/calendar.ics",
    ): "Download a session's calendar file",
    ("POST", "/api/v1/sessions/<uuid:session_id>/cancellation"): "Cancel a session",
    ("POST", "/api/v1/sessions/<uuid:session_id>/payment"): "Pay for a session",
    ("GET", "/api/v1/therapists"): "List therapists",
    ("GET", "/api/v1/therapists/<uuid:therapist_id>"): "Get a therapist",
    ("GET", "/api/v1/therapists/<uuid:therapist_id>/slots"): "List a therapist's open slots",
    ("POST", "/api/v1/therapists/<uuid:therapist_id>/slots"): "Open slots",
    ("DELETE", "/api/v1/therapists/<uuid:therapist_id>/slots/<starts_at>"): "Close an open slot",
    ("PUT", "/api/v1/therapists/me"): "Create or replace your therapist profile",
}
ROUTES: Final = [
    {"method": method, "path": path, "about": summary}
    for (method, path), summary in _SUMMARIES.items()
    if is_served(path)
]
"""Method, path and summary of each route of the rooms that the service has."""
