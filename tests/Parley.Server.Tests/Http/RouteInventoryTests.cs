using System.Text.RegularExpressions;
using Parley.Server.RateLimiting;
using Parley.Server.Tests.Hosting;

namespace Parley.Server.Tests.Http;

/// <summary>
/// The routes of the app are those of <see cref="RouteTable"/>, no more and no fewer. With its line there, a route is in the suites that go over all of them: <see cref="BadInputTests"/>, and
/// <see cref="Identity.ForeignIsMissingTests"/>, which holds every route with an id to answering what is somebody else's as what is missing.
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
    public void Routes_EveryOne_IsCounted()
    {
        // S0.106, C6
        var uncounted = Route
            .Endpoints(server)
            .Where(endpoint => endpoint.Metadata.GetMetadata<RateBucketMetadata>() is null)
            .SelectMany(Route.NamesOf)
            .ToList();
        Assert.True(uncounted.Count == 0, $"These declare no bucket (CountedAs): {string.Join(", ", uncounted)}");
    }

    [Fact]
    public void Routes_WhatTheyAreCountedAs_FitsWhatTheyDo()
    {
        // C5: whoever comes back to an answer is never charged. S0.60 to S0.62: the two writes of seed 000, and the one that asks a model.
        var buckets = Route
            .Endpoints(server)
            .SelectMany(endpoint =>
                Route.NamesOf(endpoint).Select(name => (name, endpoint.Metadata.GetRequiredMetadata<RateBucketMetadata>().Bucket))
            )
            .ToDictionary(pair => pair.name, pair => pair.Bucket);
        foreach (var (name, bucket) in buckets)
        {
            // Convex clients ask by POST.
            if (name.StartsWith("GET", StringComparison.Ordinal) || name == "POST /api/query")
            {
                Assert.True(bucket is RateBucket.Read or RateBucket.Follow or RateBucket.Open, name);
            }
            else
            {
                Assert.True(bucket is RateBucket.Chat or RateBucket.Write or RateBucket.Follow, name);
            }

            if (
                name.EndsWith("/stream", StringComparison.Ordinal)
                || name.EndsWith("/events", StringComparison.Ordinal)
                || name.EndsWith("/stop", StringComparison.Ordinal)
            )
            {
                Assert.Equal(RateBucket.Follow, bucket);
            }
        }

        Assert.Equal(
            (RateBucket.Chat, RateBucket.Write, RateBucket.Write),
            (buckets["POST /api/chat"], buckets["POST /api/chat/conversations"], buckets["POST /api/chat/conversations/{id}/messages"])
        );
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
