using System.Net;

namespace Parley.Streaming.Providers.Transport;

/// <summary>Reads one small document of a provider, for example its list of models.</summary>
internal static class ProviderDocument
{
    /// <summary>The body of <c>GET {base}{path}?{query}</c>. The caller limits the time with the token.</summary>
    /// <exception cref="ProviderException">Any failure, including a body larger than <paramref name="maxBytes"/>.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static async Task<ReadOnlyMemory<byte>> GetAsync(
        ProviderEndpoint endpoint,
        HttpClient http,
        string path,
        int maxBytes,
        CancellationToken cancellationToken,
        string? query = null
    )
    {
        try
        {
            using var request = endpoint.CreateRequest(HttpMethod.Get, path, query);
            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            if (response.StatusCode != HttpStatusCode.OK)
            {
                throw await ProviderErrors.FromResponseAsync(endpoint, response, cancellationToken);
            }

            using var body = new MemoryStream();
            var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
            var buffer = new byte[16 * 1024];
            for (int read; (read = await stream.ReadAsync(buffer, cancellationToken)) > 0; )
            {
                body.Write(buffer, 0, read);
                if (body.Length > maxBytes)
                {
                    throw endpoint.Fail(ProviderFailure.FrameTooLarge, path);
                }
            }

            return body.ToArray();
        }
        catch (Exception exception) when (exception is not ProviderException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (ProviderErrors.FromTransport(exception) is not { } failure)
            {
                throw;
            }

            throw endpoint.Fail(failure, $"{path}: {exception.GetType().Name}: {exception.Message}");
        }
    }
}
