using System.Security.Cryptography;
using System.Text;
using Parley.Server.Data;
using Parley.Server.Data.Sql;
using Parley.Server.Http.Errors;
using Parley.Streaming.Generations;
using Parley.Streaming.Routing;

namespace Parley.Server.Generations;

/// <summary>Starts generations: one transaction decides and stores, then the runner starts, then the response is written.</summary>
public sealed class GenerationStarter(
    ChatStore store,
    GenerationRunner runner,
    PromptBuilder prompts,
    ModelRouter router,
    GenerationResponse response,
    ChangeFeed feed
)
{
    /// <summary>How often a request may stop a running generation and decide again before it is refused.</summary>
    private const int MaxDecisions = 4;

    /// <summary>
    /// Starts the generation of <paramref name="command"/>, or attaches to the one that the same request started before, and writes the
    /// response.
    /// </summary>
    /// <param name="http">The request.</param>
    /// <param name="command">The generation to start.</param>
    /// <param name="mode">How to write the response.</param>
    /// <param name="prompt">The prompt, when the request contains all messages; null to build it from the conversation.</param>
    public async Task<IResult> StartAsync(HttpContext http, StartCommand command, ResponseMode mode, Prompt? prompt = null)
    {
        GenerationSlot? slot = null;
        var admission = Admission.Admitted;
        try
        {
            var result = await DecideAsync(command, TryAdmit, http.RequestAborted);
            switch (result)
            {
                case StartResult.Started { Generation: var started }:
                    var request = await RequestOfAsync(started, command.Owner, prompt);
                    runner.Start(started.Id, 1, request, slot, started.Continues?.Log is { End: > 0 } log ? log : null);
                    slot = null;
                    if (started.IsListed)
                    {
                        feed.Changed(command.Owner, started.Info.ConversationId);
                    }

                    return await response.WriteAsync(
                        http,
                        started.Id,
                        new StreamStart(started.Info, started.MessageName, started.Continues),
                        mode
                    );
                case StartResult.Attached { Generation: var found }:
                    return mode is ResponseMode.Streaming { WhenAttached: { } attached }
                        ? attached
                        : await response.WriteAsync(http, found.Id, new StreamStart(found.Info, found.MessageName, null), mode);
                case StartResult.Refused { Refusal: var refusal }:
                    return refusal.ToProblem();
                default:
                    return NotAdmitted(admission);
            }
        }
        finally
        {
            slot?.Dispose();
        }

        bool TryAdmit()
        {
            if (slot is null)
            {
                admission = runner.TryAdmit(command.Owner.UserId, out slot);
            }

            return slot is not null;
        }
    }

    /// <summary>A hash of a request, which distinguishes a retry from a different request.</summary>
    public static string Fingerprint(params ReadOnlySpan<string?> parts)
    {
        var text = new StringBuilder();
        foreach (var part in parts)
        {
            text.Append(part?.Length ?? -1).Append(':').Append(part);
        }

        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())));
    }

    private async Task<StartResult> DecideAsync(StartCommand command, Func<bool> tryAdmit, CancellationToken cancellationToken)
    {
        for (var decisions = 1; ; decisions++)
        {
            var result = await store.StartAsync(command, tryAdmit);
            if (result is not StartResult.StopFirst { Id: var running })
            {
                return result;
            }

            if (decisions == MaxDecisions)
            {
                return new StartResult.Refused(StartRefusal.AnswerRunning);
            }

            await runner.StopAsync(running, null, cancellationToken);
        }
    }

    /// <summary>Never throws: a generation that is stored and never runs would stay unfinished until this process ends.</summary>
    private async Task<GenerationRequest> RequestOfAsync(StartedGeneration started, Owner owner, Prompt? prompt)
    {
        var model = started.Info.Model;
        try
        {
            var route = router.Resolve(model) ?? throw new InvalidOperationException($"The model {model} has left the catalogue.");
            prompt ??= await prompts.BuildAsync(started.Request, started.Path, owner, CancellationToken.None);
            return prompt.For(route);
        }
        catch (Exception exception)
        {
            return GenerationRequest.Failing(model, exception);
        }
    }

    private static Problem NotAdmitted(Admission admission) =>
        admission switch
        {
            Admission.OwnerFull => Problems.Of(
                StatusCodes.Status429TooManyRequests,
                ErrorCodes.TooManyAnswers,
                "You have too many running generations. Wait for one to end, or stop one."
            ),
            Admission.NodeFull => Problems.Of(
                StatusCodes.Status503ServiceUnavailable,
                ErrorCodes.Overloaded,
                "The server has reached its limit of running generations. Try again later."
            ),
            _ => Problems.Of(StatusCodes.Status503ServiceUnavailable, ErrorCodes.Restarting, "The server is restarting. Try again later."),
        } with
        {
            RetryAfter = 5,
        };
}
