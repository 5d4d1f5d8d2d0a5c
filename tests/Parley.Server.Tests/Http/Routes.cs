using System.Reflection;
using System.Text.Json;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Parley.Server.Tests.Hosting;

namespace Parley.Server.Tests.Http;

/// <summary>One route of the app as it maps it: nothing here is written down twice, so a new route is in every test that goes over all of them.</summary>
internal sealed record Route(string Method, string Pattern, IReadOnlyList<PropertyInfo> Members)
{
    /// <summary>The routes that no people's data is behind.</summary>
    private static readonly string[] Open = ["/health/live", "/health/ready", "/api/v1/models", "/api/v1/me", "/api/v1/feed"];

    public string Name => $"{Method} {Pattern}";

    public bool HasBody => Members.Count > 0;

    public bool HasId => Pattern.Contains("{id}", StringComparison.Ordinal);

    /// <summary>What its id names: <c>conversations</c>, <c>generations</c> or <c>messages</c>.</summary>
    public string Kind => Pattern.Split('/').ElementAtOrDefault(3) ?? "";

    public bool IsOpen => Open.Contains(Pattern);

    public string Path(string id) => Pattern.Replace("{id}", id, StringComparison.Ordinal);

    public static IReadOnlyList<Route> All(ParleyServer server) =>
    [
        .. server.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(endpoint => endpoint.Metadata.GetMetadata<HttpMethodMetadata>() is not null)
            .SelectMany(endpoint => endpoint.Metadata.GetRequiredMetadata<HttpMethodMetadata>().HttpMethods.Select(method =>
                new Route(method, "/" + endpoint.RoutePattern.RawText!.Trim('/'), MembersOf(endpoint, method)))),
    ];

    /// <summary>A body that the route takes.</summary>
    public Dictionary<string, object?> GoodBody()
    {
        Dictionary<string, object?> body = [];
        foreach (var name in Members.Select(NameOf))
        {
            if (Samples.TryGetValue((Pattern, name), out var sample) || Samples.TryGetValue(("", name), out sample)) body[name] = sample;
            else Assert.Fail($"{Name} takes a member '{name}' that the tests know no good value of: add one to Route.Samples.");
        }

        return body.Where(pair => pair.Value is not null).ToDictionary();
    }

    public static string NameOf(PropertyInfo member) => JsonNamingPolicy.CamelCase.ConvertName(member.Name);

    private static readonly Dictionary<(string Pattern, string Member), object?> Samples = new()
    {
        [("", "message")] = "#script tokens=1 delay=0",
        [("", "conversationId")] = null, // optional, and tested with the ids
        [("", "parentId")] = null,
        [("", "model")] = "scripted",
        [("", "stream")] = false,
        [("", "position")] = 0,
        [("", "title")] = "A title",
        [("", "role")] = "user",
        [("", "content")] = "Something",
    };

    private static PropertyInfo[] MembersOf(RouteEndpoint endpoint, string method) =>
        method is "GET" or "DELETE" ? [] : endpoint.Metadata.GetMetadata<MethodInfo>()?.DeclaringType?.GetNestedType("Request")?.GetProperties() ?? [];
}
