using System.Text;
using System.Text.Json;

namespace Parley.Bench;

/// <summary>
/// A scripted response in progress. The provider's loop calls <see cref="Step"/> when it is due; <see cref="Due"/> is the time of the next
/// step.
/// </summary>
internal sealed class ScriptedResponse
{
    public const long Never = long.MaxValue;

    private readonly ProviderConnection _connection;
    private readonly ResponseScript _script;
    private readonly ResponseFrames _frames;
    private readonly bool _includeUsage;
    private readonly long _start;
    private readonly long _offset;
    private bool _hasFailed;

    public ScriptedResponse(ProviderConnection connection, ResponseScript script, ResponseFrames frames, bool includeUsage, int number)
    {
        (_connection, _script, _frames, _includeUsage) = (connection, script, frames, includeUsage);
        _start = Clock.Now + script.FirstDelay;
        // Responses that start together would send their tokens together, as a burst in every delay; real providers don't. Each response
        // gets an offset, spread evenly by the golden ratio. The first token is not moved.
        _offset = script.InStep ? 0 : (long)(script.Delay * (number * 0.6180339887498949 % 1));
        Due = _start;
    }

    public long Due { get; private set; }

    /// <summary>Tokens sent so far.</summary>
    public int Sent { get; private set; }

    /// <summary>Sends the head and the opening event.</summary>
    public void Start()
    {
        _connection.Queue(ResponseFrames.StreamHead);
        _connection.Send(_frames.Opening);
    }

    /// <summary>Sends the next token, or the fault or the end that is due instead.</summary>
    public void Step()
    {
        if (!_hasFailed && _script.Fault is { } fault && Sent == _script.FaultAt)
        {
            _hasFailed = true;
            if (SendFault(fault))
            {
                return;
            }
        }

        if (Sent == _script.Tokens)
        {
            End();
            return;
        }

        _connection.Send(_frames.Token(Sent));
        Sent++;
        Due = Sent == _script.Tokens || _script.Delay == 0 ? Clock.Now : _start + _offset + Sent * _script.Delay;
    }

    public static byte[] Json(ResponseScript script)
    {
        var text = new byte[script.Tokens * 48];
        var length = 0;
        for (var i = 0; i < script.Tokens; i++)
        {
            length += ResponseFrames.WriteToken(text.AsSpan(length), i);
        }

        return JsonSerializer.SerializeToUtf8Bytes(
            new
            {
                id = "chatcmpl-1",
                @object = "chat.completion",
                created = 1,
                model = script.Model,
                choices = new[]
                {
                    new
                    {
                        index = 0,
                        message = new { role = "assistant", content = Encoding.ASCII.GetString(text, 0, length) },
                        finish_reason = "stop",
                    },
                },
                usage = new
                {
                    prompt_tokens = 7,
                    completion_tokens = script.Tokens,
                    total_tokens = 7 + script.Tokens,
                },
            }
        );
    }

    /// <summary>True if the fault replaces the token.</summary>
    private bool SendFault(string fault)
    {
        switch (fault)
        {
            case "reset":
                Stop();
                _connection.Reset();
                return true;
            case "eof":
                Stop();
                _connection.Close();
                return true;
            case "stall":
                Due = Never;
                return true;
            case "error":
                _connection.Queue(ResponseFrames.Error);
                Stop();
                _connection.Send(ResponseFrames.BodyEnd);
                _connection.Complete();
                return true;
            case "badjson":
                _connection.Send(ResponseFrames.BadJson);
                return false;
            case "badutf8":
                _connection.Send(ResponseFrames.BadUtf8);
                return false;
            case "big":
                _connection.Send(_frames.Big);
                return false;
            default:
                return false;
        }
    }

    private void End()
    {
        Stop();
        var finishEvents = _script.Fault switch
        {
            "nofinish" => 0,
            "dupfinish" => 2,
            _ => 1,
        };
        for (var i = 0; i < finishEvents; i++)
        {
            _connection.Queue(_frames.Finish);
        }

        if (_includeUsage)
        {
            _connection.Queue(_frames.Usage(Sent));
        }

        _connection.Queue(ResponseFrames.Done);
        _connection.Send(ResponseFrames.BodyEnd);
        _connection.Complete();
    }

    private void Stop() => Due = Never;
}
