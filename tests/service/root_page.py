"""The root page as programs get it: links, and every route with its summary."""

DESCRIPTION = {
    "name": "Serene",
    "about": "The Serene wellbeing API.",
    "version": "1.2.3",
    "links": {
        "docs": "/api/v1/docs",
        "openapi": "/api/v1/openapi.json",
        "posts": "/api/v1/blog/posts",
        "health": "/api/v1/health",
        "liveness": "/api/v1/health/liveness",
        "readiness": "/api/v1/health/readiness",
    },
    "routes": [
        {
            "method": "GET",
            "path": "/",
            "about": "Describe the service",
        },
        {
            "method": "PUT",
            "path": "/api/v1/accounts/<account_id>/role",
            "about": "Set an account's role",
        },
        {
            "method": "POST",
            "path": "/api/v1/auth/login",
            "about": "Log in",
        },
        {
            "method": "POST",
            "path": "/api/v1/auth/logout",
            "about": "Log out",
        },
        {"method": "GET", "path": "/api/v1/auth/me", "about": "Get the caller's account"},
        {
            "method": "POST",
            "path": "/api/v1/auth/password",
            "about": "Change the password",
        },
        {
            "method": "POST",
            "path": "/api/v1/auth/refresh",
            "about": "Refresh tokens",
        },
        {"method": "POST", "path": "/api/v1/auth/register", "about": "Register an account"},
        {
            "method": "GET",
            "path": "/api/v1/blog/drafts",
            "about": "List drafts",
        },
        {
            "method": "GET",
            "path": "/api/v1/blog/drafts/<slug>",
            "about": "Get a draft",
        },
        {
            "method": "GET",
            "path": "/api/v1/blog/posts",
            "about": "List posts",
        },
        {
            "method": "POST",
            "path": "/api/v1/blog/posts",
            "about": "Create a post",
        },
        {
            "method": "GET",
            "path": "/api/v1/blog/posts/<slug>",
            "about": "Get a post",
        },
        {
            "method": "PUT",
            "path": "/api/v1/blog/posts/<slug>",
            "about": "Replace a post",
        },
        {
            "method": "PATCH",
            "path": "/api/v1/blog/posts/<slug>",
            "about": "Update a post",
        },
        {
            "method": "DELETE",
            "path": "/api/v1/blog/posts/<slug>",
            "about": "Delete a post",
        },
        {
            "method": "POST",
            "path": "/api/v1/blog/posts/<slug>/publish",
            "about": "Publish a post",
        },
        {
            "method": "POST",
            "path": "/api/v1/blog/posts/<slug>/unpublish",
            "about": "Unpublish a post",
        },
        {
            "method": "GET",
            "path": "/api/v1/companion/conversations",
            "about": "List conversations",
        },
        {
            "method": "GET",
            "path": "/api/v1/companion/conversations/<conversation_id>",
            "about": "Get a conversation",
        },
        {
            "method": "DELETE",
            "path": "/api/v1/companion/conversations/<conversation_id>",
            "about": "Delete a conversation",
        },
        {
            "method": "POST",
            "path": "/api/v1/companion/messages",
            "about": "Send a message",
        },
        {
            "method": "GET",
            "path": "/api/v1/docs",
            "about": "Open the documentation",
        },
        {
            "method": "GET",
            "path": "/api/v1/docs/<name>",
            "about": "Get an asset of the documentation",
        },
        {
            "method": "POST",
            "path": "/api/v1/files",
            "about": "Upload a file",
        },
        {"method": "GET", "path": "/api/v1/files", "about": "List files"},
        {
            "method": "DELETE",
            "path": "/api/v1/files/<file_id>",
            "about": "Delete a file",
        },
        {"method": "GET", "path": "/api/v1/files/<file_id>", "about": "Get a file"},
        {
            "method": "GET",
            "path": "/api/v1/files/<file_id>/content",
            "about": "Download a file",
        },
        {"method": "GET", "path": "/api/v1/health", "about": "Get the health report"},
        {
            "method": "GET",
            "path": "/api/v1/health/liveness",
            "about": "Check liveness",
        },
        {
            "method": "GET",
            "path": "/api/v1/health/readiness",
            "about": "Check readiness",
        },
        {
            "method": "GET",
            "path": "/api/v1/members/<member_id>/files",
            "about": "List a member's files",
        },
        {"method": "GET", "path": "/api/v1/openapi.json", "about": "Get the OpenAPI document"},
        {
            "method": "POST",
            "path": "/api/v1/payments/webhook",
            "about": "Receive a Stripe event.",
        },
        {
            "method": "POST",
            "path": "/api/v1/sessions",
            "about": "Book a session.",
        },
        {
            "method": "GET",
            "path": "/api/v1/sessions",
            "about": "List your sessions.",
        },
        {
            "method": "GET",
            "path": "/api/v1/sessions/<uuid:session_id>",
            "about": "Get a session.",
        },
        {
            "method": "GET",
            "path": "/api/v1/sessions/<uuid:session_id>/calendar.ics",
            "about": "Download a session's calendar file.",
        },
        {
            "method": "POST",
            "path": "/api/v1/sessions/<uuid:session_id>/cancellation",
            "about": "Cancel a session.",
        },
        {
            "method": "POST",
            "path": "/api/v1/sessions/<uuid:session_id>/payment",
            "about": "Pay for a session.",
        },
        {
            "method": "GET",
            "path": "/api/v1/therapists",
            "about": "List therapists.",
        },
        {
            "method": "GET",
            "path": "/api/v1/therapists/<uuid:therapist_id>",
            "about": "Get a therapist.",
        },
        {
            "method": "GET",
            "path": "/api/v1/therapists/<uuid:therapist_id>/slots",
            "about": "List a therapist's open slots.",
        },
        {
            "method": "POST",
            "path": "/api/v1/therapists/<uuid:therapist_id>/slots",
            "about": "Open slots.",
        },
        {
            "method": "DELETE",
            "path": "/api/v1/therapists/<uuid:therapist_id>/slots/<starts_at>",
            "about": "Close an open slot.",
        },
        {
            "method": "PUT",
            "path": "/api/v1/therapists/me",
            "about": "Create or replace your therapist profile.",
        },
    ],
    "find_a_request": (
        "Every response has X-Request-ID. Without its dashes it is the trace id: search Tempo "
        "or the logs for it. A request that came with a traceparent keeps that trace id and has "
        "its own id as the attribute request.id."
    ),
}
