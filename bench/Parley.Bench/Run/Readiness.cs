using System.Net;

namespace Parley.Bench;

/// <summary>Waits until a server answers 200.</summary>
internal static class Readiness
{
    public static async Task WaitAsync(Uri url, ChildProcess child, TimeSpan patience, CancellationToken cancel, TimeSpan? every = null)
    {
        using var client = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
        var deadline = Clock.Now + (long)patience.TotalNanoseconds;
        while (true)
        {
            if (child.HasExited || Clock.Now > deadline)
            {
                throw new InvalidOperationException(
                    $"{url} does not answer{(child.HasExited ? ", the process has ended" : "")}:\n{child.LastWords()}"
                );
            }

            if (await AnswersAsync(client, url, cancel))
            {
                return;
            }

            await Task.Delay(every ?? TimeSpan.FromMilliseconds(25), cancel);
        }
    }

    private static async Task<bool> AnswersAsync(HttpClient client, Uri url, CancellationToken cancel)
    {
        try
        {
            using var response = await client.GetAsync(url, cancel);
            return response.StatusCode == HttpStatusCode.OK;
        }
        catch (Exception e) when (e is HttpRequestException || (e is TaskCanceledException && !cancel.IsCancellationRequested))
        {
            return false;
        }
    }
}
