using System.Diagnostics;

namespace Parley.Server.Http;

/// <summary>The trace id of the current request, as error bodies and logs have it.</summary>
internal static class TraceId
{
    public static string Current() => (Activity.Current?.TraceId ?? ActivityTraceId.CreateRandom()).ToString();
}
