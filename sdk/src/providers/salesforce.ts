// Salesforce outbound messages: SOAP without a signature.
import type { Provider } from "../provider.ts";

export default {
  id: "salesforce",
  name: "Salesforce outbound messages",
  docsUrl: "https://developer.salesforce.com/docs/platform/api/guide/sforce-api-om-outboundmessaging-wsdl.html",
  scheme: { kind: "none" },
  eventId: [],
  eventType: [],
  bodyAuthenticated: false,
  setup: [
    "Create an outbound message in the Salesforce setup with the URL of this source as its endpoint.",
    "Nothing is signed: treat the URL like a password, and check the organisation id of each message.",
  ],
  answer: {
    status: 200,
    contentType: "text/xml",
    body: '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body><notificationsResponse xmlns="http://soap.sforce.com/2005/09/outbound"><Ack>true</Ack></notificationsResponse></soapenv:Body></soapenv:Envelope>',
  },
  experimental: true,
  samples: [
    {
      type: "outbound.message",
      headers: { "content-type": "text/xml; charset=utf-8", soapaction: '""' },
      body: '<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body><notifications xmlns="http://soap.sforce.com/2005/09/outbound"><OrganizationId>00DEXAMPLE00000001</OrganizationId><ActionId>04kEXAMPLE00000001</ActionId><Notification><Id>04lEXAMPLE00000001</Id><sObject xmlns:sf="urn:sobject.enterprise.soap.sforce.com"><sf:Id>001EXAMPLE00000001</sf:Id><sf:Name>Example account</sf:Name></sObject></Notification></notifications></soapenv:Body></soapenv:Envelope>',
    },
  ],
} as const satisfies Provider;
