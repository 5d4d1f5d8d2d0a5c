using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Routing.Patterns;
using Parley.Server.Http;
using Parley.Server.RateLimiting;
using Parley.Server.Tests.Hosting;

namespace Parley.Server.Tests.Http;

/// <summary>
/// The routes of the app are those of <see cref="RouteTable"/>, no more and no fewer. A route with a line there is covered by the suites
/// for all routes: <see cref="BadInputTests"/>, and <see cref="Identity.ForeignIsMissingTests"/>, which asserts that every route with an id
/// answers another user's object as a missing one.
/// </summary>
public sealed class RouteInventoryTests(ParleyServer server)
{
    [Fact]
    public void Routes_OfTheApp_AreThoseOfTheTable()
    {
        var mapped = Route.Endpoints(server).SelectMany(Route.NamesOf).Order(StringComparer.Ordinal).ToList();
        Assert.Equal(mapped.Distinct(), mapped);
        Assert.Equal(RouteTable.Lines.Select(line => line.ToString()).Distinct().Order(StringComparer.Ordinal), mapped);
    }

    [Fact]
    public void Routes_EveryOne_DeclaresARateLimitPolicy()
    {
        var missing = Route
            .Endpoints(server)
            .Where(endpoint => endpoint.Metadata.GetMetadata<RateLimitPolicyMetadata>() is null)
            .SelectMany(Route.NamesOf)
            .ToList();
        Assert.True(missing.Count == 0, $"These declare no policy (WithRateLimitPolicy): {string.Join(", ", missing)}");
    }

    [Fact]
    public void Routes_RateLimitPolicies_FitWhatTheRoutesDo()
    {
        var policies = Route
            .Endpoints(server)
            .SelectMany(endpoint =>
                Route.NamesOf(endpoint).Select(name => (name, endpoint.Metadata.GetRequiredMetadata<RateLimitPolicyMetadata>().Policy))
            )
            .ToDictionary(pair => pair.name, pair => pair.Policy);
        foreach (var (name, policy) in policies)
        {
            // Convex clients send queries by POST.
            string[] allowed =
                name.StartsWith("GET", StringComparison.Ordinal) || name == "POST /api/query"
                    ? [RateLimitPolicies.Read, RateLimitPolicies.Follow, RateLimitPolicies.Open]
                    : [RateLimitPolicies.Chat, RateLimitPolicies.Write, RateLimitPolicies.Follow];
            Assert.True(allowed.Contains(policy), $"{name}: {policy}");
            if (
                name.EndsWith("/stream", StringComparison.Ordinal)
                || name.EndsWith("/events", StringComparison.Ordinal)
                || name.EndsWith("/stop", StringComparison.Ordinal)
            )
            {
                Assert.Equal(RateLimitPolicies.Follow, policy);
            }
        }

        Assert.Equal(
            (RateLimitPolicies.Chat, RateLimitPolicies.Write, RateLimitPolicies.Write),
            (policies["POST /api/chat"], policies["POST /api/chat/conversations"], policies["POST /api/chat/conversations/{id}/messages"])
        );
    }

    [Fact]
    public void Routes_ASegmentInThePlaceOfAClientName_IsAReservedName()
    {
        var patterns = Route.Endpoints(server).Select(endpoint => endpoint.RoutePattern.PathSegments).ToList();
        var beside =
            from named in patterns
            from place in Enumerable.Range(0, named.Count)
            where named[place].Parts is [RoutePatternParameterPart { Name: "id" }]
            from other in patterns
            where other.Count > place && Enumerable.Range(0, place).All(index => Text(named[index]) == Text(other[index]))
            where other[place].Parts is [RoutePatternLiteralPart]
            select Text(other[place]);
        var words = beside.Distinct().ToList();
        Assert.Contains("stream", words);
        Assert.All(words, word =>
            Assert.True(ClientNames.Check("id", word) is not null, $"{word} is a path segment where clients have names")
        );

        static string Text(RoutePatternPathSegment segment) => segment.Parts is [RoutePatternLiteralPart literal] ? literal.Content : "{}";
    }

    [Fact]
    public void Routes_EveryOneWithAnId_SaysWhatItsIdNames()
    {
        // What it names is what the suites put there.
        Assert.All(RouteTable.Lines, line =>
            Assert.Equal(line.Id != IdOf.None, line.Pattern.Contains("id}", StringComparison.Ordinal) || line.Query is not null)
        );
        Assert.Equal(
            ["GET /api/{version}/sync", "CONNECT /api/{version}/sync"],
            RouteTable
                .Lines.Where(line => line.Pattern.Replace("id}", "", StringComparison.Ordinal).Contains('}', StringComparison.Ordinal))
                .Select(line => line.ToString())
        );
        Assert.All(RouteTable.Lines, line => Assert.Equal(line, Route.All(server).First(route => route.Line == line).Line));
    }

    [Fact]
    public void Routes_EveryOne_IsDocumented()
    {
        var documentation = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "docs", "api.md"));
        static string Shown(RouteLine line) => line.ToString().Replace("{**", "{", StringComparison.Ordinal);
        var missing = RouteTable
            .Lines.Select(Shown)
            .Distinct()
            .Where(route => !Regex.IsMatch(documentation, $@"\b{Regex.Escape(route)}(?![\w/{{-])"))
            .ToList();
        Assert.True(missing.Count == 0, $"docs/api.md says nothing of these:\n{string.Join('\n', missing)}");
    }
}
