// The list of providers. Adding one is adding its file and a line here.
import type { Provider } from "../provider.ts";
import adyen from "./adyen.ts";
import adyenPlatform from "./adyen-platform.ts";
import aircall from "./aircall.ts";
import airtable from "./airtable.ts";
import airwallex from "./airwallex.ts";
import anthropic from "./anthropic.ts";
import asana from "./asana.ts";
import assemblyai from "./assemblyai.ts";
import attio from "./attio.ts";
import auth0 from "./auth0.ts";
import authorizeNet from "./authorize-net.ts";
import awsSns from "./aws-sns.ts";
import azureEventgrid from "./azure-eventgrid.ts";
import basic from "./basic.ts";
import bigcommerce from "./bigcommerce.ts";
import bitbucket from "./bitbucket.ts";
import bitbucketDataCenter from "./bitbucket-data-center.ts";
import box from "./box.ts";
import braintree from "./braintree.ts";
import brevo from "./brevo.ts";
import brex from "./brex.ts";
import buildkite from "./buildkite.ts";
import calcom from "./calcom.ts";
import calendly from "./calendly.ts";
import chargebee from "./chargebee.ts";
import checkoutCom from "./checkout-com.ts";
import circleci from "./circleci.ts";
import clerk from "./clerk.ts";
import close from "./close.ts";
import cloudevents from "./cloudevents.ts";
import cloudflareNotifications from "./cloudflare-notifications.ts";
import cloudflareStream from "./cloudflare-stream.ts";
import coinbaseCdp from "./coinbase-cdp.ts";
import coinbaseCommerce from "./coinbase-commerce.ts";
import contentful from "./contentful.ts";
import customerio from "./customerio.ts";
import datadog from "./datadog.ts";
import deepgram from "./deepgram.ts";
import discord from "./discord.ts";
import docusign from "./docusign.ts";
import dodoPayments from "./dodo-payments.ts";
import doppler from "./doppler.ts";
import dropbox from "./dropbox.ts";
import dropboxSign from "./dropbox-sign.ts";
import dwolla from "./dwolla.ts";
import easypost from "./easypost.ts";
import elevenlabs from "./elevenlabs.ts";
import expoEas from "./expo-eas.ts";
import fastspring from "./fastspring.ts";
import figma from "./figma.ts";
import fintoc from "./fintoc.ts";
import forgejo from "./forgejo.ts";
import fourthwall from "./fourthwall.ts";
import freshchat from "./freshchat.ts";
import freshdesk from "./freshdesk.ts";
import front from "./front.ts";
import fusionauth from "./fusionauth.ts";
import gitea from "./gitea.ts";
import github from "./github.ts";
import gitlab from "./gitlab.ts";
import gitlabSigned from "./gitlab-signed.ts";
import gocardless from "./gocardless.ts";
import googleCalendar from "./google-calendar.ts";
import googleDrive from "./google-drive.ts";
import googlePubsub from "./google-pubsub.ts";
import grafana from "./grafana.ts";
import gumroad from "./gumroad.ts";
import heroku from "./heroku.ts";
import hmac from "./hmac.ts";
import hubspot from "./hubspot.ts";
import hygraph from "./hygraph.ts";
import intercom from "./intercom.ts";
import jenkins from "./jenkins.ts";
import jira from "./jira.ts";
import jiraConnect from "./jira-connect.ts";
import jotform from "./jotform.ts";
import kick from "./kick.ts";
import klaviyo from "./klaviyo.ts";
import launchdarkly from "./launchdarkly.ts";
import lemonSqueezy from "./lemon-squeezy.ts";
import line from "./line.ts";
import linear from "./linear.ts";
import livechat from "./livechat.ts";
import livekit from "./livekit.ts";
import loops from "./loops.ts";
import mailchannels from "./mailchannels.ts";
import mailchimpMarketing from "./mailchimp-marketing.ts";
import mailgun from "./mailgun.ts";
import make from "./make.ts";
import mandrill from "./mandrill.ts";
import messagebird from "./messagebird.ts";
import meta from "./meta.ts";
import microsoftGraph from "./microsoft-graph.ts";
import microsoftTeams from "./microsoft-teams.ts";
import modernTreasury from "./modern-treasury.ts";
import mollie from "./mollie.ts";
import mollieClassic from "./mollie-classic.ts";
import monday from "./monday.ts";
import mux from "./mux.ts";
import netlify from "./netlify.ts";
import none from "./none.ts";
import notion from "./notion.ts";
import nylas from "./nylas.ts";
import okta from "./okta.ts";
import onfido from "./onfido.ts";
import openai from "./openai.ts";
import paddle from "./paddle.ts";
import paddleClassic from "./paddle-classic.ts";
import pagerduty from "./pagerduty.ts";
import pandadoc from "./pandadoc.ts";
import paypal from "./paypal.ts";
import paystack from "./paystack.ts";
import persona from "./persona.ts";
import pipedrive from "./pipedrive.ts";
import plaid from "./plaid.ts";
import polar from "./polar.ts";
import postmark from "./postmark.ts";
import pusher from "./pusher.ts";
import quickbooks from "./quickbooks.ts";
import ramp from "./ramp.ts";
import razorpay from "./razorpay.ts";
import recallAi from "./recall-ai.ts";
import recharge from "./recharge.ts";
import recurly from "./recurly.ts";
import render from "./render.ts";
import replicate from "./replicate.ts";
import resend from "./resend.ts";
import retell from "./retell.ts";
import revenuecat from "./revenuecat.ts";
import ringcentral from "./ringcentral.ts";
import salesforce from "./salesforce.ts";
import sanity from "./sanity.ts";
import segment from "./segment.ts";
import sendgrid from "./sendgrid.ts";
import sentry from "./sentry.ts";
import shopify from "./shopify.ts";
import slack from "./slack.ts";
import square from "./square.ts";
import standardWebhooks from "./standard-webhooks.ts";
import stripe from "./stripe.ts";
import supabaseAuth from "./supabase-auth.ts";
import supabaseDatabase from "./supabase-database.ts";
import svix from "./svix.ts";
import tailscale from "./tailscale.ts";
import tally from "./tally.ts";
import telegram from "./telegram.ts";
import telnyx from "./telnyx.ts";
import token from "./token.ts";
import travisCi from "./travis-ci.ts";
import trello from "./trello.ts";
import twilio from "./twilio.ts";
import twitch from "./twitch.ts";
import typeform from "./typeform.ts";
import vercel from "./vercel.ts";
import vonage from "./vonage.ts";
import webflow from "./webflow.ts";
import whereby from "./whereby.ts";
import wise from "./wise.ts";
import wix from "./wix.ts";
import woocommerce from "./woocommerce.ts";
import workos from "./workos.ts";
import worldpay from "./worldpay.ts";
import xTwitter from "./x-twitter.ts";
import xero from "./xero.ts";
import zapier from "./zapier.ts";
import zendesk from "./zendesk.ts";
import zoom from "./zoom.ts";

/** Every provider this version knows, as plain data. */
export const providers: readonly Provider[] = [
  adyen,
  adyenPlatform,
  aircall,
  airtable,
  airwallex,
  anthropic,
  asana,
  assemblyai,
  attio,
  auth0,
  authorizeNet,
  awsSns,
  azureEventgrid,
  basic,
  bigcommerce,
  bitbucket,
  bitbucketDataCenter,
  box,
  braintree,
  brevo,
  brex,
  buildkite,
  calcom,
  calendly,
  chargebee,
  checkoutCom,
  circleci,
  clerk,
  close,
  cloudevents,
  cloudflareNotifications,
  cloudflareStream,
  coinbaseCdp,
  coinbaseCommerce,
  contentful,
  customerio,
  datadog,
  deepgram,
  discord,
  docusign,
  dodoPayments,
  doppler,
  dropbox,
  dropboxSign,
  dwolla,
  easypost,
  elevenlabs,
  expoEas,
  fastspring,
  figma,
  fintoc,
  forgejo,
  fourthwall,
  freshchat,
  freshdesk,
  front,
  fusionauth,
  gitea,
  github,
  gitlab,
  gitlabSigned,
  gocardless,
  googleCalendar,
  googleDrive,
  googlePubsub,
  grafana,
  gumroad,
  heroku,
  hmac,
  hubspot,
  hygraph,
  intercom,
  jenkins,
  jira,
  jiraConnect,
  jotform,
  kick,
  klaviyo,
  launchdarkly,
  lemonSqueezy,
  line,
  linear,
  livechat,
  livekit,
  loops,
  mailchannels,
  mailchimpMarketing,
  mailgun,
  make,
  mandrill,
  messagebird,
  meta,
  microsoftGraph,
  microsoftTeams,
  modernTreasury,
  mollie,
  mollieClassic,
  monday,
  mux,
  netlify,
  none,
  notion,
  nylas,
  okta,
  onfido,
  openai,
  paddle,
  paddleClassic,
  pagerduty,
  pandadoc,
  paypal,
  paystack,
  persona,
  pipedrive,
  plaid,
  polar,
  postmark,
  pusher,
  quickbooks,
  ramp,
  razorpay,
  recallAi,
  recharge,
  recurly,
  render,
  replicate,
  resend,
  retell,
  revenuecat,
  ringcentral,
  salesforce,
  sanity,
  segment,
  sendgrid,
  sentry,
  shopify,
  slack,
  square,
  standardWebhooks,
  stripe,
  supabaseAuth,
  supabaseDatabase,
  svix,
  tailscale,
  tally,
  telegram,
  telnyx,
  token,
  travisCi,
  trello,
  twilio,
  twitch,
  typeform,
  vercel,
  vonage,
  webflow,
  whereby,
  wise,
  wix,
  woocommerce,
  workos,
  worldpay,
  xTwitter,
  xero,
  zapier,
  zendesk,
  zoom,
];

const byId: ReadonlyMap<string, Provider> = new Map(providers.map((provider) => [provider.id, provider]));

export function providerById(id: string): Provider | undefined {
  return byId.get(id);
}
