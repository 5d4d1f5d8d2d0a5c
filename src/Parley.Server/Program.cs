using Parley.Server;
using Parley.Server.Commands;
using Parley.Server.Compatibility.AiSdk;
using Parley.Server.Compatibility.ChatRows;
using Parley.Server.Compatibility.ChatSessions;
using Parley.Server.Compatibility.Convex;
using Parley.Server.Compatibility.DurableStreams;
using Parley.Server.Compatibility.OpenAI;
using Parley.Server.Compatibility.PlainMessages;
using Parley.Server.Data;
using Parley.Server.Features.Account;
using Parley.Server.Features.Chat;
using Parley.Server.Features.Conversations;
using Parley.Server.Features.Feed;
using Parley.Server.Features.Generations;
using Parley.Server.Features.Health;
using Parley.Server.Features.Messages;
using Parley.Server.Features.Models;
using Parley.Server.Generations;
using Parley.Server.Http;
using Parley.Server.Identity;
using Parley.Server.OpenApi;
using Parley.Streaming;

if (CommandLine.IsCommand(args))
{
    return await CommandLine.RunAsync(args);
}

var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { Args = args, ContentRootPath = ContentRoot.Find() });
builder.Configuration.AddParleyVariables();
builder.AddRequestPipeline();

builder.Services.AddStreaming(builder.Configuration);
builder.Services.AddProviders(builder.Configuration);
builder.Services.AddData(builder.Configuration);
builder.Services.AddIdentity(builder.Configuration);
builder.Services.AddGenerations(builder.Configuration);
builder.Services.AddGenerationViews();
builder.Services.AddChat();
builder.Services.AddAiSdk();
builder.Services.AddPlainMessages(builder.Configuration);
builder.Services.AddDurableStreams();
builder.Services.AddOpenAI(builder.Configuration);
builder.Services.AddTextStreams();
builder.Services.AddApiDescription();

var app = builder.Build();
app.UseRequestPipeline();
app.UseWebApp();
app.UseApiReference();
app.UseParleyCors();
app.UseAuthentication();
app.UseBearerIdentity();

app.MapHealth();
app.MapChat();
app.MapAiSdk();
app.MapChatSessions();
app.MapChatConversations();
app.MapGenerations();
app.MapDurableStreams();
app.MapConversations();
app.MapMessages();
app.MapModels();
app.MapOpenAI();
app.MapTextStreams();
app.MapFeed();
app.MapAccount();
app.MapApiDescription();
app.Run();
return 0;
