namespace Parley.Server.Compatibility.Convex.Schemas;

/// <summary>A stream's text and status. For the API document only: <see cref="StreamBody"/> writes this JSON.</summary>
public sealed record StreamBodyView(string Text, string Status);
