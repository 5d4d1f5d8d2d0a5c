using System.Text;
using System.Text.Json;

namespace Parley.Bench;

/// <summary>One scripted answer on its way: the loop steps it whenever it is due, and it says when it is due again.</summary>
internal sealed class Answer
{
    public const long Never = long.MaxValue;

    private readonly ProviderConnection _to;
    private readonly Script _script;
    private readonly Frames _frames;
    private readonly bool _wantsUsage;
    private readonly long _begin;
    private readonly long _phase;
    private bool _faulted;

    public Answer(ProviderConnection to, Script script, Frames frames, bool wantsUsage, int number)
    {
        (_to, _script, _frames, _wantsUsage) = (to, script, frames, wantsUsage);
        _begin = Clock.Now + script.First;
        // Answers that begin at once would stay in step for good and come as a burst every delay. No real providers' do: each gets a phase
        // of its own, spread evenly by the golden ratio. The first token is not moved.
        _phase = script.InStep ? 0 : (long)(script.Delay * (number * 0.6180339887498949 % 1));
        Due = _begin;
    }

    public long Due { get; private set; }

    /// <summary>Tokens sent so far.</summary>
    public int Sent { get; private set; }

    public void Begin()
    {
        _to.Queue(Frames.StreamHead);
        _to.Send(_frames.Opening);
    }

    /// <summary>Sends one token, or the fault or the end that is due instead.</summary>
    public void Step()
    {
        if (!_faulted && _script.Fault is { } fault && Sent == _script.FaultAt)
        {
            _faulted = true;
            if (Interrupt(fault))
            {
                return;
            }
        }
        if (Sent == _script.Tokens)
        {
            End();
            return;
        }
        _to.Send(_frames.Token(Sent));
        Sent++;
        Due = Sent == _script.Tokens || _script.Delay == 0 ? Clock.Now : _begin + _phase + Sent * _script.Delay;
    }

    public static byte[] Whole(Script script)
    {
        var text = new byte[script.Tokens * 48];
        var length = 0;
        for (var i = 0; i < script.Tokens; i++)
        {
            length += Frames.WriteToken(text.AsSpan(length), i);
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

    /// <summary>True when the fault takes the token's place.</summary>
    private bool Interrupt(string fault)
    {
        switch (fault)
        {
            case "reset":
                Stop();
                _to.Reset();
                return true;
            case "eof":
                Stop();
                _to.Close();
                return true;
            case "stall":
                Due = Never;
                return true;
            case "error":
                _to.Queue(Frames.Error);
                Stop();
                _to.Send(Frames.BodyEnd);
                _to.Ended();
                return true;
            case "badjson":
                _to.Send(Frames.BadJson);
                return false;
            case "badutf8":
                _to.Send(Frames.BadUtf8);
                return false;
            case "big":
                _to.Send(_frames.Big);
                return false;
            default:
                return false;
        }
    }

    private void End()
    {
        Stop();
        for (
            var times = _script.Fault switch
            {
                "nofinish" => 0,
                "dupfinish" => 2,
                _ => 1,
            };
            times > 0;
            times--
        )
        {
            _to.Queue(_frames.Finish);
        }

        if (_wantsUsage)
        {
            _to.Queue(_frames.Usage(Sent));
        }

        _to.Queue(Frames.Done);
        _to.Send(Frames.BodyEnd);
        _to.Ended();
    }

    private void Stop() => Due = Never;
}
