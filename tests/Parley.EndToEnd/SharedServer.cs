namespace Parley.EndToEnd;

/// <summary>One server for all tests of a class that leave it as they found it.</summary>
public sealed class SharedServer : IAsyncLifetime
{
    public ServerProcess Process { get; } = new();

    public async ValueTask InitializeAsync() => await Process.StartAsync(TestContext.Current.CancellationToken);

    public ValueTask DisposeAsync() => Process.DisposeAsync();
}
