using Microsoft.Extensions.AI;

namespace Parley.Streaming.Routing;

/// <summary>Where a model is to be had.</summary>
/// <param name="Id">The full id, <c>provider/model</c>: what to store and show.</param>
/// <param name="Provider">The provider's configured name.</param>
/// <param name="Model">The provider's own name for it; may hold slashes.</param>
/// <param name="Client">A client for this model. The router owns it; do not dispose it.</param>
/// <param name="Capabilities">What it can do.</param>
public sealed record ModelRoute(string Id, string Provider, string Model, IChatClient Client, ModelCapabilities Capabilities);

/// <summary>What a model can do.</summary>
/// <param name="AcceptsPrefix">It continues a trailing assistant message, so that an answer can go on where it broke off.</param>
/// <param name="IsDemo">It is built in, and no language model.</param>
public sealed record ModelCapabilities(bool AcceptsPrefix, bool IsDemo = false);

/// <summary>A model as a list shows it.</summary>
/// <param name="IsConfigured">It was named in the configuration, rather than only listed by the provider.</param>
public sealed record ModelListing(string Id, string Provider, string Model, ModelCapabilities Capabilities, bool IsConfigured);
