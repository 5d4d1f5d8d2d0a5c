namespace Parley.Bench;

/// <summary>Times of reading a long conversation.</summary>
/// <param name="Messages">Number of messages of the conversation.</param>
/// <param name="AddSeconds">Seconds to add all messages, one after the other.</param>
/// <param name="NewConnection">The conversation and its last page, each on a new connection.</param>
/// <param name="OpenConnection">The same on a connection that is open.</param>
/// <param name="Page">One page before another, back to the middle of the conversation.</param>
internal sealed record OpenResult(int Messages, double AddSeconds, Percentiles NewConnection, Percentiles OpenConnection, Percentiles Page);
