namespace Parley.Streaming.Tests.Providers;

/// <summary>
/// A raw server as the upstream of <see cref="ModelProviderContract"/>. A GET gets the list of models, all others the answer.
/// </summary>
internal sealed class RawUpstreamUnderTest : UpstreamUnderTest
{
    private readonly RawUpstream _upstream;
    private readonly string _type;
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <param name="type">The family's type.</param>
    /// <param name="behaviour">How the answer ends.</param>
    /// <param name="models">The response to a request for the list of models.</param>
    /// <param name="answer">The bytes of the answer.</param>
    public RawUpstreamUnderTest(string type, UpstreamBehaviour behaviour, string models, string answer)
    {
        _type = type;
        _upstream = new RawUpstream(async connection =>
        {
            if (connection.Request.StartsWith("GET ", StringComparison.Ordinal))
            {
                await connection.SendAsync(models);
                return;
            }

            await connection.SendAsync(answer);
            if (behaviour is UpstreamBehaviour.SilentFromTheStart or UpstreamBehaviour.SilentAfterText)
            {
                await connection.ClosedAsync();
                _closed.TrySetResult();
            }
        });
    }

    public override IReadOnlyList<string> Settings =>
        [$"Providers:up:Type={_type}", $"Providers:up:BaseUrl={_upstream.BaseUrl}", $"Providers:up:ApiKey={ModelProviderContract.Secret}"];

    public override string Provider => "up";

    public override string Model => "m";

    public override Task CallClosed => _closed.Task;

    public override ValueTask DisposeAsync() => _upstream.DisposeAsync();

    /// <summary>A response with a body.</summary>
    public static string Response(int status, string body) =>
        $"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n{body}";

    /// <summary>A stream that breaks off: fewer bytes than announced.</summary>
    public static string Broken(string body) =>
        $"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: {body.Length + 100}\r\n\r\n{body}";
}
