namespace Parley.Bench;

/// <summary>What is opened, and how often.</summary>
internal sealed record OpenPlan(Uri Server, int Messages = 10_000, int Repetitions = 200, int PageSize = 50);

/// <summary>Opening: the conversation and its last page, on a new connection and on one that is open; paging: one page before another, to the middle.</summary>
internal sealed record OpenResult(int Messages, double SeedSeconds, Spread Fresh, Spread Warm, Spread Page);
