namespace Parley.Bench;

/// <summary>Seconds until the server was ready, and its resident size at rest.</summary>
internal sealed record ColdStartResult(double ReadySeconds, double RssMb);
