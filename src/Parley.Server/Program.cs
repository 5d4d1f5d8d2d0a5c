using Parley.Server;
using Parley.Server.Answers;
using Parley.Server.Data;
using Parley.Server.Features.Account;
using Parley.Server.Features.Chat;
using Parley.Server.Features.ChatConversations;
using Parley.Server.Features.ChatSessions;
using Parley.Server.Features.Conversations;
using Parley.Server.Features.Feed;
using Parley.Server.Features.Generations;
using Parley.Server.Features.Messages;
using Parley.Server.Features.Models;
using Parley.Server.Features.OpenAI;
using Parley.Server.Http;
using Parley.Server.Identity;
using Parley.Streaming;
using Parley.Streaming.Routing;

var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = ContentRoot.Find() });
builder.Configuration.AddParleyVariables();
builder.AddEdge();

builder.Services.AddStreaming(builder.Configuration);
builder.Services.AddProviders(builder.Configuration);
builder.Services.AddSqliteData(builder.Configuration);
builder.Services.AddIdentity(builder.Configuration);
builder.Services.AddAnswers(builder.Configuration);
builder.Services.AddChat();
builder.Services.AddOpenAI(builder.Configuration);

var app = builder.Build();
app.UseEdge();
app.UseWebApp();
app.UseRouting();
app.UseAuthentication();
app.UseBearerIdentity();

app.MapHealth();
app.MapChat();
app.MapChatSessions();
app.MapChatConversations();
app.MapGenerations();
app.MapConversations();
app.MapMessages();
app.MapModels();
app.MapOpenAI();
app.MapFeed();
app.MapAccount();
app.Run();
