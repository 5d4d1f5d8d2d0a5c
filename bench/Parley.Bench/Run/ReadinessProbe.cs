using System.Net;

namespace Parley.Bench;

/// <summary>Waits until a server responds with status 200.</summary>
internal static class ReadinessProbe
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan DefaultInterval = TimeSpan.FromMilliseconds(25);

    public static async Task WaitAsync(Uri url, ChildProcess process, CancellationToken cancellationToken, TimeSpan? interval = null)
    {
        using var client = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
        var deadline = Clock.Now + (long)Timeout.TotalNanoseconds;
        while (!await IsReadyAsync(client, url, cancellationToken))
        {
            if (process.HasExited)
            {
                throw new InvalidOperationException($"The process exited before {url} was ready:\n{process.LastLogLines()}");
            }

            if (Clock.Now > deadline)
            {
                throw new InvalidOperationException($"{url} was not ready within {Timeout.TotalSeconds} s:\n{process.LastLogLines()}");
            }

            await Task.Delay(interval ?? DefaultInterval, cancellationToken);
        }
    }

    private static async Task<bool> IsReadyAsync(HttpClient client, Uri url, CancellationToken cancellationToken)
    {
        try
        {
            using var response = await client.GetAsync(url, cancellationToken);
            return response.StatusCode == HttpStatusCode.OK;
        }
        catch (Exception exception)
            when (exception is HttpRequestException || (exception is TaskCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return false;
        }
    }
}
