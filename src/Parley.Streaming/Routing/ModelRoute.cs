using Microsoft.Extensions.AI;
using Parley.Streaming.Providers;

namespace Parley.Streaming.Routing;

/// <summary>A model that was asked for, and the client for it.</summary>
/// <param name="Id">The full id, <c>provider/model</c>: the form to store and to show.</param>
/// <param name="Provider">The provider's configured name.</param>
/// <param name="Model">The provider's own name for it; may contain slashes.</param>
/// <param name="Client">A client for this model. Its provider owns it; do not dispose it.</param>
/// <param name="Capabilities">What it can do.</param>
public sealed record ModelRoute(string Id, string Provider, string Model, IChatClient Client, ModelCapabilities Capabilities);

/// <summary>A model in a list.</summary>
/// <param name="Id">The full id, <c>provider/model</c>.</param>
/// <param name="Provider">The provider's configured name.</param>
/// <param name="Model">The provider's own name for it.</param>
/// <param name="DisplayName">The name to show to people.</param>
/// <param name="Capabilities">What it can do.</param>
/// <param name="IsConfigured">It is configured or built in, rather than only listed by the provider.</param>
public sealed record ModelListing(
    string Id,
    string Provider,
    string Model,
    string DisplayName,
    ModelCapabilities Capabilities,
    bool IsConfigured
);
