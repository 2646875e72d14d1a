#pragma once
#include "gateway/net/server.h"
#include "gateway/session/services.h"

namespace mlgraph::gateway {

/// GET /api/v1/events?since=&channels=a,b: the same cursor over plain HTTP.
/// errors  those of subscribe: kInvalidChannel, kForbidden, kTooManyChannels, kBadRequest.
[[nodiscard]] base::Result<std::unique_ptr<SseUser>> begin_sse_session(
    SessionServices& services, SseStream& stream, const HttpRequest& request
);

}  // namespace mlgraph::gateway
