namespace Parley.Bench;

/// <summary>The parameters of the measurement of a long conversation.</summary>
internal sealed record OpenPlan(Uri Server, int Messages = 10_000, int Repetitions = 200, int PageSize = 50);
